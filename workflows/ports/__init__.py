"""What workflows ask of the world: the names of activities, what they take and give, and how long they may take.

Activities implement these ports, and nothing here knows how.
"""
