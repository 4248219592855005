"""What scheduled and bulk jobs do. Celery only calls these functions."""
