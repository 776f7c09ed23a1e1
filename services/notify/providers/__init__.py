"""The ways out: SMTP and SMPP, each behind `result.Provider`."""
