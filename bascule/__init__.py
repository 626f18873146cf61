"""The command line, and the only place where controller and simulator meet."""
