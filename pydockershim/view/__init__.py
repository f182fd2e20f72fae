"""What is known of the engine, in memory: reads are answered from here and cause no Engine call.

- `store` holds the objects, for those who write: procedures and the reflector. `view` is what
  servicers and procedures read. `freshness` says whether either may be shown.
- `items` are the objects with their ready wire bytes (`protobuf_wire`), `index` all of them at one
  moment; `ledger` says which of two answers of the engine counts.
- `exits` holds back a container's exit until its log is drained and a possible OOM kill is known.
- `reflector` keeps the store true: events add ids to the `workqueue`, inspects follow, lists heal.
- `container_events` are the CRI's: what `lifecycle` finds in two items, `broadcast` sends to all.
- `image_cache` is the same for images.

The room does not decide and does not change the engine. What a procedure has changed it brings in
itself, by `Store.refresh` and `Store.forget`, before it answers.
"""
