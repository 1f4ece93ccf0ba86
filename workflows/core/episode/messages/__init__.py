"""What is said once when its moment comes: reminders, the dose of the week, news."""
