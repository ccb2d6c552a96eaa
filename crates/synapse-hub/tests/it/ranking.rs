//! Ranking of real catalogues.
