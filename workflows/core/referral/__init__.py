"""The engine for one referral, of any kind; pure, like the episode's.

Statements in, state follows: what happened is stated (`statements`), folded into attempts at places to go
(`attempts`) and into facts (`facts`); what people owe (`duties`), what is asked of the world (`effects`) and what is
told to others (`status`) follow from the facts. `engine` holds it together.
"""
