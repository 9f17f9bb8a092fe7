"""Every write of webhooks: endpoints, messages, tries, replays."""
