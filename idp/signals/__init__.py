"""What must leave the house, or reach a citizen: recorded with the change that causes it, in its transaction."""
