"""Enterprise connections to Microsoft Azure AD (Microsoft Entra ID) for Django."""

__version__ = "0.2.0"
