"""A family's request for a patient: raised, answered by the hospital, served from wherever there is blood."""
