"""An imitation of the Microsoft Entra admin center: enough to set up an app by hand.

Menus, labels and buttons have Microsoft's names of November 2026, so that instructions for the real
one can be followed here word by word.
https://learn.microsoft.com/entra/identity-platform/quickstart-register-app
"""
