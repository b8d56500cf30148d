"""An imitation of Entra's provisioning service: it sends people and groups to a SCIM server.

Written after Microsoft's description of its requests ("Develop and plan provisioning for a SCIM
endpoint", "Known issues and resolutions with SCIM 2.0 protocol compliance"), not after our server.
"""
