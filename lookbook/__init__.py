"""lookbook as a library. Everything stands in this one package, so that no folder of the same name elsewhere gets in its way.

The packages in this folder are links to the folders of the project; in an installed lookbook they are the folders.
"""
