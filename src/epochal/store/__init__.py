"""What is kept: the contract (`base`), its SQL implementation (`sql`) and what stands around it."""
