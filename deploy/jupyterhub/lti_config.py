"""The same hub, opened from a course in Moodle or Canvas (LTI 1.3), not by password.

`pip install jupyterhub-ltiauthenticator`, register the hub there as an external tool
(login address HUB/hub/lti13/oauth_login, redirect HUB/hub/lti13/oauth_callback), fill
in what the platform says, and start the hub with `-f` and this file. Who may come is
who is in that course and in one of the groups of README.md.
"""

import grp

from jupyterhub.auth import LocalAuthenticator
from ltiauthenticator.lti13.auth import LTI13Authenticator

c = get_config()  # noqa: F821  JupyterHub reads this file and brings the name along
load_subconfig("jupyterhub_config.py")  # noqa: F821


class LocalLTI(LocalAuthenticator, LTI13Authenticator):
    """LTI's people, as accounts of this machine."""


PLATFORM = "https://moodle.example.org"

c.JupyterHub.authenticator_class = LocalLTI
c.LTI13Authenticator.issuer = PLATFORM
c.LTI13Authenticator.authorize_url = f"{PLATFORM}/mod/lti/auth.php"
c.LTI13Authenticator.jwks_endpoint = f"{PLATFORM}/mod/lti/certs.php"
c.LTI13Authenticator.client_id = ["the id that the platform gave"]
# In the tool's custom parameters: account=$User.username
c.LTI13Authenticator.username_key = "custom_account"

# Members of the two groups, read when the hub starts; no account is made here.
students = set(grp.getgrnam("cnn-students").gr_mem)
c.Authenticator.admin_users = set(grp.getgrnam("cnn-teachers").gr_mem)
c.Authenticator.allowed_users = students | c.Authenticator.admin_users
c.LocalAuthenticator.create_system_users = False
