"""The judge's side of the tasks: references and mistakes, one module to a lesson."""
