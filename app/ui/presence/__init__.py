"""Downloads outside their page: rail, task bar, notifications, tray, and what closing does."""
