"""The local web workspace, and the HTTP server that chat platforms' requests come to as well."""
