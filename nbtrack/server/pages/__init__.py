"""The pages of `nbtrack ui` for the users of a server: a login, a session for each browser, and
lines to panels. What a line may ask and change, its `UsersStore` decides.
"""
