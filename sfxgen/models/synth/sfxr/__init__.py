"""sfxr's sounds: its parameters, the files and links that hold them, and a renderer.

`parameters` and `formats` are light, for the manifest and the plan; `render` needs numpy.
"""
