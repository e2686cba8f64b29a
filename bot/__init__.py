"""The service on the network: webhooks and API in, texts to Vonage out."""
