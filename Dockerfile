FROM python:3.12-slim
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home desk
WORKDIR /desk
COPY requirements.lock .
RUN pip install --no-cache-dir --no-deps --require-hashes --requirement requirements.lock
COPY manage.py ./
COPY proceedings proceedings
COPY agreements agreements
COPY templates templates
COPY locale locale
COPY static static
# Collecting static files needs settings, but none of their values.
RUN SECRET_KEY=only-to-collect-static-files-only-to-collect-static-files PUBLIC_BASE_URL=https://build.invalid \
    ALLOWED_HOSTS=build.invalid EMAIL_URL=console: DEFAULT_FROM_EMAIL=a@build.invalid SEAL_KEY=/dev/null SEAL_CERT=/dev/null \
    python manage.py collectstatic --noinput --verbosity 0 && install -d -o desk var
USER desk
EXPOSE 8000
CMD ["gunicorn", "proceedings.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2"]
