"""What the service remembers: the nouns, the verbs on them, and the engines they run on."""
