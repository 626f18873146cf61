"""The daemon that turns wishes into safe motion. Imports `protocol`, never `simulator`."""
