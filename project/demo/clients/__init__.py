"""Three OAuth clients that sign in to the demo site: a web application, a single page, a machine.

A Django project of its own, which shares nothing with the site but what is registered there. Run it
with ``python manage.py runserver 8002 --settings project.demo.clients.settings``.
"""
