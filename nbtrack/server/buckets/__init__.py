"""Files of a served project in a bucket of an object store (S3), in place of a folder of the
server's. What they hold is kept once, by its digest; which file is which, the project's records
say. Called by `server.served`.
"""
