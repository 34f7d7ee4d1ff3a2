"""The same hub, where people log in at the university by OpenID Connect.

`pip install oauthenticator`, fill in what your identity provider says, and start the
hub with `-f` and this file. Who may log in is who belongs to the groups of README.md:
make accounts as it says, without `passwd`; then nobody has a password here.
"""

import grp
import os

c = get_config()  # noqa: F821  JupyterHub reads this file and brings the name along
load_subconfig("jupyterhub_config.py")  # noqa: F821

PROVIDER = "https://login.example.org/realms/uni/protocol/openid-connect"
HUB = "https://hub.example.org"

c.JupyterHub.authenticator_class = "local-generic-oauth"
c.GenericOAuthenticator.oauth_callback_url = f"{HUB}/hub/oauth_callback"
c.GenericOAuthenticator.authorize_url = f"{PROVIDER}/auth"
c.GenericOAuthenticator.token_url = f"{PROVIDER}/token"
c.GenericOAuthenticator.userdata_url = f"{PROVIDER}/userinfo"
c.GenericOAuthenticator.scope = ["openid"]
# The claim that holds the account's name on this machine: not one that people choose.
c.GenericOAuthenticator.username_claim = "preferred_username"
# From the environment, so that they stand in no file that is read by others.
c.GenericOAuthenticator.client_id = os.environ.get("OIDC_CLIENT_ID", "")
c.GenericOAuthenticator.client_secret = os.environ.get("OIDC_CLIENT_SECRET", "")

# Members of the two groups, read when the hub starts; no account is made here.
students = set(grp.getgrnam("cnn-students").gr_mem)
c.Authenticator.admin_users = set(grp.getgrnam("cnn-teachers").gr_mem)
c.Authenticator.allowed_users = students | c.Authenticator.admin_users
c.LocalAuthenticator.create_system_users = False
