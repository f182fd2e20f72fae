"""The Container Runtime Interface as Python sees it.

`runtime_v1` holds the messages. It is generated from proto/runtime/v1/api.proto by `make proto`;
nobody edits it. `services` lists the methods of both service names as plain data, from which the
server and the client are built. This room knows protobuf, and nothing of gRPC or Docker.
"""
