"""What passes between the runners of a session and the intake that reads them."""
