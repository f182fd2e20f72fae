"""Pure functions between the CRI's messages and the Engine's JSON, one module per noun.

No I/O, no clock, no state. Where something must be looked up on the host or in the image, one
function returns what to look up, and the procedure passes the result to another. Functions that
return protobuf, or its bytes, begin with `cri_`, those that return Engine JSON with `docker_`, and
with `with_` when they complete JSON that they are given. A value that is not supported is
InvalidArgument or Unsupported, with the name of its field.
"""
