"""The embedded sample: simulated patients with simulated tumours."""
