"""Every event that crosses a service border: names, schemas, topics, envelope."""
