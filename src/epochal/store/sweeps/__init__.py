"""What is kept of sweeps: `interface` has it all; what their configurations mean is for `epochal.sweeps`."""
