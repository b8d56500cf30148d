from .group import GroupMember, ProvisionedGroup
from .made_user import MadeUser
from .person import ProvisionedPerson
from .request import ProvisioningRequest
from .token import ScimToken

__all__ = [
    "GroupMember",
    "MadeUser",
    "ProvisionedGroup",
    "ProvisionedPerson",
    "ProvisioningRequest",
    "ScimToken",
]
