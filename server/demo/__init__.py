"""The demonstration: a fresh machine's world, and a provider to sign in with. Only when DEMO is on."""
