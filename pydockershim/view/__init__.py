"""What we know of the engine, in memory: reads are answered from here and cause no Engine call.

- `items` are the objects as they are kept, with their ready wire bytes; `view` is the store and
  every read; `ledger` says which of two answers about an object counts; `index` sorts them.
- `exits` holds back a container's exit until its log is drained and a possible OOM kill is known.
- `reflector` keeps it true: events add ids to the `workqueue`, inspects follow, relists heal.
- `container_events` are the CRI's: what `lifecycle` finds in two items, `broadcast` sends to all.
- `image_cache` is the same for images.

The room does not decide and does not change the engine. What a procedure has changed it brings in
itself, by `View.refresh` and `View.forget`, before it answers.
"""
