"""The first start: what was found here, what is recommended, and three ways on."""
