"""Losses of generative models, of preferences between what they made, and of learning from another model."""

import math

from ._loss import loss
from ._math import expectation, log_softmax, namespace, softplus
from ._spaces import log_probability, logits, positive, real

_LOG_PROBABILITIES = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")


@loss(
    dict(mean=real("... d"), log_variance=real("... d")),
    dict(value_at_chance=0, convex=True, lipschitz=math.inf, unit="nats"),
    example=(dict(mean=[[1, 0]], log_variance=[[0, math.log(2)]]), (1 + 2 - 1 - math.log(2)) / 2),
    predicted=2,
    source="kingma2014auto",
)
def gaussian_kl(mean, log_variance):
    r"""Divergence of a Gaussian from the standard one, :math:`\frac12\sum_d\bigl(\mu_d^2+v_d-1-\log v_d\bigr)`.

    The second part of a variational autoencoder's loss. At 0 the code says nothing of the input (a collapse).
    """
    xp = namespace(mean, log_variance)
    return xp.sum(mean**2 + xp.expm1(log_variance) - log_variance, axis=-1) / 2


@loss(
    dict(score=real("... d"), noisy=real("... d"), clean=real("... d"), scale=positive("...")),
    dict(convex=True, lipschitz=math.inf),
    example=(dict(score=[[0, 1]], noisy=[[2, 0]], clean=[[0, 0]], scale=[2]), (0.25 + 1) / 2),
    torch="F.mse_loss(score, (clean - noisy) / scale[:, None] ** 2) * score.shape[-1] / 2",
    source="vincent2011connection",
)
def denoising_score_matching(score, noisy, clean, scale):
    r"""Denoising score matching, :math:`\frac12\bigl\|s+(\tilde x-x)/\sigma^2\bigr\|^2`.

    Small noise dominates: with ``weight=scale**2`` all scales count alike, and the loss is that of predicting the
    noise, as diffusion models do. It never reaches 0: the noise of one sample cannot be known.

    Parameters
    ----------
    score : array, shape (..., d)
        :math:`s`, the model's slope of the log-density at the noisy sample.
    noisy, clean : array, shape (..., d)
        :math:`\tilde x=x+\sigma\varepsilon` and :math:`x`.
    scale : array, shape (...)
        :math:`\sigma`, the standard deviation of the noise.
    """
    xp = namespace(score, noisy, clean, scale)
    return xp.sum((score + (noisy - clean) / scale[..., None] ** 2) ** 2, axis=-1) / 2


@loss(
    dict(velocity=real("... d"), noise=real("... d"), data=real("... d")),
    dict(convex=True, lipschitz=math.inf),
    example=(dict(velocity=[[1, 1]], noise=[[0, 1]], data=[[2, 1]]), 1 + 1),
    torch="F.mse_loss(velocity, data - noise) * data.shape[-1]",
    source="lipman2023flow",
)
def flow_matching(velocity, noise, data):
    r"""Flow matching along straight lines, :math:`\|v-(x_1-x_0)\|^2`, from noise :math:`x_0` to data :math:`x_1`.

    Parameters
    ----------
    velocity : array, shape (..., d)
        :math:`v`, the model's answer at :math:`(1-t)x_0+t\,x_1`.
    noise, data : array, shape (..., d)
        :math:`x_0` and :math:`x_1`.
    """
    return namespace(velocity, noise, data).sum((velocity - (data - noise)) ** 2, axis=-1)


@loss(
    dict.fromkeys(_LOG_PROBABILITIES, log_probability()) | dict(beta=positive()),
    dict(value_at_chance="log(2)", convex=True, lipschitz="beta", unit="nats"),
    example=(
        dict(zip(_LOG_PROBABILITIES, ([-1], [-4], [-2], [-2]), strict=True), beta=math.log(3) / 3),
        math.log(4 / 3),
    ),
    identities=[
        "dpo(policy_chosen, policy_rejected, reference_chosen, reference_rejected, beta=1) == "
        "bpr(policy_chosen - reference_chosen, policy_rejected - reference_rejected)"
    ],
    predicted=4,
    source="rafailov2023direct",
)
def dpo(policy_chosen, policy_rejected, reference_chosen, reference_rejected, *, beta=0.1):
    r"""Direct preference optimisation, :math:`\log(1+e^{-\beta h})`.

    :math:`h` is how much more than the reference the policy prefers what was chosen:

    .. math:: h=\log\frac{\pi(y_w)}{\pi_0(y_w)}-\log\frac{\pi(y_l)}{\pi_0(y_l)}

    It falls also where both answers become less probable, the rejected one faster.

    Parameters
    ----------
    policy_chosen, policy_rejected, reference_chosen, reference_rejected : array, shape (...)
        Log-probabilities of whole answers, sums over their tokens, under the policy :math:`\pi` and the reference
        :math:`\pi_0`; those of the reference need no gradient.
    beta : float above 0
        How strongly the policy is held to the reference.
    """
    return softplus(-beta * (policy_chosen - reference_chosen - policy_rejected + reference_rejected))


@loss(
    dict(student=logits(), teacher=logits(), temperature=positive()),
    dict(convex=True, lipschitz="temperature * sqrt(2)", unit="nats"),
    example=(dict(student=[[0, 0]], teacher=[[2 * math.log(3), 0]]), 4 * (0.75 * math.log(1.5) - 0.25 * math.log(2))),
    torch="temperature**2 * F.kl_div(F.log_softmax(student / temperature, -1), F.softmax(teacher / temperature, -1), "
    "reduction='batchmean')",
    source="hinton2015distilling",
)
def distillation(student, teacher, *, temperature=2.0):
    r"""Divergence of a student from its teacher, both softened: :math:`T^2\sum_kq_k\log(q_k/p_k)`.

    :math:`q` and :math:`p` are the softmax of the teacher's and the student's logits divided by :math:`T`. Without
    the factor :math:`T^2` the gradient would fade as :math:`T` grows.

    Parameters
    ----------
    student, teacher : array, shape (..., c)
        Logits; the teacher's need no gradient.
    temperature : float above 0
        :math:`T`.
    """
    xp = namespace(student, teacher)
    log_p, log_q = log_softmax(student / temperature), log_softmax(teacher / temperature)
    return temperature**2 * expectation(xp.exp(log_q), log_q - log_p)
