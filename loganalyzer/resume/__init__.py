"""
What `follow --resume` keeps, so that a run that was killed at any moment can be gone on with.

    events -> conceal -> rules … state -> freeze -> store (SQLite)

`conceal` masks an event before anything remembers it, `freeze` turns the memory of an analysis into bytes that hold no
code, and back, `store` keeps them in a file beside what was told since. `loganalyzer.cli.kept` ties them to a run.
"""
