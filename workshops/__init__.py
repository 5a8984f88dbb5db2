"""The domain: people of several labs agree on indicators, wording by wording."""
