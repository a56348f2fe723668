"""Autonomous modules of your own: what the orchestrator asks of them, and how they join a database.

A module watches the workload, proposes changes and, where it may, makes them; the ledger, the measuring and the
taking back are the orchestrator's. Only what a class overrides is done; the rest answers as a module does that
wants nothing. Calls come from threads of the server, one at a time.
"""
from __future__ import annotations

import concurrent.futures
import hmac
import threading
from typing import Any, Callable, Iterable, List, Optional, Sequence

import grpc

from adbms import errors, transport
from adbms.common.v1 import workload_pb2 as workload
from adbms.module.v1 import module_pb2 as pb
from adbms.orchestrator.v1 import orchestrator_pb2 as orchestrator

Proposal = pb.Proposal
Finding = pb.Finding
_TOKEN = "adbms-module-token"


class Refused(Exception):
    """Of `apply` and `revert`: it cannot be done, and why."""


class Module:
    """To be derived from. `name` is unique in a database."""

    name = ""
    description = ""
    version = "1"
    action_kinds: Sequence[str] = ()
    order = 100  # Among the modules in RunAllTables; lower runs earlier.

    def observe(self, window: workload.WorkloadWindow) -> None:
        """A closed window of the workload."""

    def propose(self, request: pb.ProposeRequest) -> Iterable[Proposal]:
        """What it would change now, best first. Changes nothing."""
        return ()

    def apply(self, action_id: int, proposal: Proposal) -> Optional[float]:
        """Carries an approved proposal out; the gain as the module has measured it, or None."""
        raise Refused("this module changes nothing by itself")

    def revert(self, action_id: int, proposal: Proposal, reason: str) -> None:
        """Undoes what was applied."""

    def report(self, table_ids: Sequence[int]) -> Iterable[Finding]:
        """What it knows of these tables."""
        return ()


class Running:
    """A module that serves, and that a database knows."""

    def __init__(self, module: Module, listen: str,
                 credentials: Optional[grpc.ServerCredentials] = None) -> None:
        self._module = module
        self._turn = threading.Lock()
        self._token: Optional[str] = None
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=4))
        handlers = {
            "Describe": self._handler(pb.DescribeRequest, self._describe, known=False),
            "Observe": self._handler(pb.ObserveRequest, self._observe),
            "Propose": self._handler(pb.ProposeRequest, self._propose),
            "Apply": self._handler(pb.ApplyRequest, self._apply),
            "Revert": self._handler(pb.RevertRequest, self._revert),
            "Report": self._handler(pb.ReportRequest, self._report),
        }
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("adbms.module.v1.ModuleService", handlers),))
        host = listen.rsplit(":", 1)[0]
        if credentials is None:
            port = self._server.add_insecure_port(listen)
        else:
            port = self._server.add_secure_port(listen, credentials)
        self.address = f"{host}:{port}"
        self._server.start()

    def register(self, target: transport.Target) -> None:
        """Makes it known; again after its address has changed. Raises adbms.Error."""
        request = orchestrator.RegisterModuleRequest(address=self.address, name=self._module.name)
        with _channel(target) as channel:
            call = channel.unary_unary(
                "/adbms.orchestrator.v1.OrchestratorService/RegisterModule",
                request_serializer=orchestrator.RegisterModuleRequest.SerializeToString,
                response_deserializer=orchestrator.RegisterModuleResponse.FromString)
            try:
                self._token = call(request, metadata=target.headers(), timeout=10).token
            except grpc.RpcError as error:
                raise errors.from_rpc(error) from error

    def wait(self) -> None:
        """Until it is stopped."""
        self._server.wait_for_termination()

    def stop(self, seconds: float = 5) -> None:
        """Lets calls that run end within the seconds."""
        self._server.stop(seconds).wait()

    def _handler(self, request: Any, answer: Callable[[Any], Any], known: bool = True) -> Any:
        def call(message: Any, context: grpc.ServicerContext) -> Any:
            # Whoever asks for its name learns nothing; everything else is the orchestrator's alone.
            if known and not self._is_orchestrator(context):
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "not the orchestrator's token")
            try:
                with self._turn:
                    return answer(message)
            except Refused as refusal:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(refusal))
        return grpc.unary_unary_rpc_method_handler(
            call, request_deserializer=request.FromString,
            response_serializer=lambda response: response.SerializeToString())

    def _is_orchestrator(self, context: grpc.ServicerContext) -> bool:
        token = dict(context.invocation_metadata()).get(_TOKEN, "")
        return self._token is not None and hmac.compare_digest(token, self._token)

    def _describe(self, _: pb.DescribeRequest) -> pb.DescribeResponse:
        module = self._module
        return pb.DescribeResponse(name=module.name, description=module.description,
                                   version=module.version, action_kinds=module.action_kinds,
                                   order=module.order)

    def _observe(self, request: pb.ObserveRequest) -> pb.ObserveResponse:
        for window in request.windows:
            self._module.observe(window)
        return pb.ObserveResponse()

    def _propose(self, request: pb.ProposeRequest) -> pb.ProposeResponse:
        wanted: List[Proposal] = [proposal for proposal in self._module.propose(request)
                                  if proposal.subject not in request.refused_subjects]
        limit = request.maximum or len(wanted)
        return pb.ProposeResponse(proposals=wanted[:limit])

    def _apply(self, request: pb.ApplyRequest) -> pb.ApplyResponse:
        gain = self._module.apply(request.action_id, request.proposal)
        return pb.ApplyResponse() if gain is None else pb.ApplyResponse(measured_gain=gain)

    def _revert(self, request: pb.RevertRequest) -> pb.RevertResponse:
        self._module.revert(request.action_id, request.proposal, request.reason)
        return pb.RevertResponse()

    def _report(self, request: pb.ReportRequest) -> pb.ReportResponse:
        return pb.ReportResponse(findings=list(self._module.report(list(request.table_ids))))


def _channel(target: transport.Target) -> grpc.Channel:
    credentials = target.credentials()
    options = target.options(0)
    if credentials is None:
        return grpc.insecure_channel(target.address, options)
    return grpc.secure_channel(target.address, credentials, options)


def serve(module: Module, address: str, user: str, password: str, listen: str = "127.0.0.1:0",
          tls: Optional[transport.Tls] = None,
          credentials: Optional[grpc.ServerCredentials] = None) -> Running:
    """Serves the module at `listen` and makes it known to the database at `address`, as a superuser.

    `tls` is for calls to the database. `credentials` is what the module shows: where services talk over TLS, a
    certificate of the cluster's authority for adbms://module/NAME.
    """
    running = Running(module, listen, credentials)
    try:
        running.register(transport.Target(address, user, password, tls))
    except BaseException:
        running.stop(0)
        raise
    return running
