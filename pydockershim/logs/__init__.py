"""Container logs: copies each container's output from Docker into its CRI log file.

    Docker's files or log stream --> log_entries/messages --> CriFile (the kubelet's path)

- The CRI file is the only state: after a crash, its last lines say where to resume (`window`,
  `resume`).
- `writers` is the facade for the rest of the program; it takes and returns plain data only.
- Knows neither the CRI's protobuf messages nor gRPC. Never deletes a file and follows no symlink
  below a pod's log directory.
"""
