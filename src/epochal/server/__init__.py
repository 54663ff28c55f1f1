"""The HTTP server: routes, authorisation, live notices and the web interface's files.

`app.create_app` builds the ASGI application, `process.ServerProcess` runs it over a data directory.
"""
