from .group import GroupMember, ProvisionedGroup
from .person import ProvisionedPerson
from .request import ProvisioningRequest
from .token import ScimToken

__all__ = [
    "GroupMember",
    "ProvisionedGroup",
    "ProvisionedPerson",
    "ProvisioningRequest",
    "ScimToken",
]
