"""Pure: who is who. ORCID iDs, licences that submission systems state, and spellings of affiliations."""
