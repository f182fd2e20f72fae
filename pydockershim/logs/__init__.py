"""Container logs: what Docker keeps of a container's output becomes a CRI log file.

    Docker's files or log stream --> records/messages --> CriFile (the kubelet's path)

- The CRI file is the only memory: after any death of this program, its last lines say where to go
  on (`window`, `resume`).
- `writers` is the facade for the rest of the program; it takes and gives plain data only.
- Knows neither protobuf messages of the CRI nor gRPC. Never deletes a file and follows no symlink
  below a pod's log directory.
"""
