"""What a container remembers about its pod, and where on the container that stands.

Docker is the store: a record is written into labels when a container is created, and read back from
its name and labels. A leaf: plain data in and out, no protobuf, no I/O.

- `record`: the two kinds of records
- `schema`: a record as Docker labels, and back
- `keys`: the label keys
- `naming`: container names
- `cri_dockerd`: all that is known about containers that cri-dockerd or dockershim created
"""
