"""What we know of the engine, in memory: reads are answered from here and cause no Engine call.

- `entries` are the objects as they are kept, with their ready wire bytes; `view` is the store and
  every read; `ledger` says which of two answers about an object counts.
- `exits` holds back the news that a container has ended until its log and its reason are there.
- `reflector` keeps it true: events mark, inspects fill (`fills`), relists heal.
- `events` are the CRI's: of what `lifecycle` finds in two entries, `broadcast` tells everybody.
- `images` is the same for images; `readiness` and `disk_usage` ask the engine in the background.

The room does not decide and does not change the engine. What a procedure has changed it brings in
itself, by `View.refresh` and `View.forget`, before it answers.
"""
