"""The core that every service stands on: contracts, messaging, store, runtime. It never imports `services`."""
