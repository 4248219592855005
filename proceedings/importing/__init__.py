"""Files of any system to an import plan, and the plan to rows."""
