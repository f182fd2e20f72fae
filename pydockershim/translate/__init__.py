"""Pure functions between the CRI's messages and the Engine's JSON, one module per noun.

No I/O, no clock, no state. What must be looked up on the host or in the image is a question that a
function returns; the procedure looks it up and hands in the answer. Functions that return protobuf
begin with `cri_`, those that return Engine JSON with `docker_`. A value that cannot be carried out
is InvalidArgument or Unsupported, named by its field.
"""
